"""What several log formats share: a provider's count of tokens, the records of a product exported in more ways."""
