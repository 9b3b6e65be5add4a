"""aggcost backtests an LLM bill."""
