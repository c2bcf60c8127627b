"""Ground: frozen nouns, one module a subject. Values know nothing of storage, network or each other's rooms."""
