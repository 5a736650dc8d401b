"""What breaks, how badly and how surely: failures, their probability, and the time until all is as before."""
