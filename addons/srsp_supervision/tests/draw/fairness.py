"""A test of fairness for repeated draws without replacement."""


def chi_square(counts, draws, taken):
    """Return Pearson's statistic for how often each unit was drawn.

    Each of ``draws`` draws takes ``taken`` of the ``len(counts)`` units. The units of one draw
    exclude one another, so the plain statistic is scaled to be chi-square with
    ``len(counts) - 1`` degrees of freedom.
    """
    units = len(counts)
    mean = draws * taken / units
    spread = mean * (1 - taken / units) * units / (units - 1)
    return sum((count - mean) ** 2 for count in counts) / spread


# The value that chi-square with so many degrees of freedom exceeds with probability 0.001.
CRITICAL = {9: 27.88, 118: 171.22}
