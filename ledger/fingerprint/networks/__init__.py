"""The networks of a fingerprint as ONNX graphs, run by ONNX Runtime."""
