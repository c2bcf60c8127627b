"""Ground: frozen values, a module for each subject. They import neither storage nor network code."""
