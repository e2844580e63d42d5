"""Building the documents' site: hand-written pages as they stand, reference pages from the code that they are about."""
