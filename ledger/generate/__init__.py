"""Makes pictures, and decides by a policy whether one may be handed out."""
