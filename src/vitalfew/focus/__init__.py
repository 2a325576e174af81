"""Focus: the top issues each work group causes, why, and the best choice under limits."""
