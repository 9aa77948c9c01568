"""The self-test of the local AWS: every refusal once refused and once, with the mistake mended, accepted."""
