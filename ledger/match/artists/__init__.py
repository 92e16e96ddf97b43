"""Artist references: whose registered works a picture looks most like, from a trained classifier. Never a copy."""
