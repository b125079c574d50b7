"""Pure statistics: data first, options keyword-only, a frozen result out.

Nothing here knows the web, the database or a file. Import the topic that you need, for
example ``from analysis.moments import Moments``; importing this package alone loads nothing.
"""
