"""Pure numerics: a frozen spec and data in, a frozen result out; nothing here knows Django."""
