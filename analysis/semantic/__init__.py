"""The semantic engine's side: sentence embeddings through onnxruntime, an extra (`semantic`).

A model is a folder: a network, its tokenizer, and `model.toml`, which pins the SHA-256 of each. The small one comes
with the extra; a larger one is a folder that you name with `--model`. Nothing is ever fetched while the engine runs.
"""
