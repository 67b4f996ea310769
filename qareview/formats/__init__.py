"""How dates are written, by language; Django knows the rest."""
