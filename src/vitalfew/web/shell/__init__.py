"""What every page shares: layout, access, filters, figures in words."""
