"""Operations: health, logs, backup, upgrade."""
