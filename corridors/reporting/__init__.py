"""The report that people read: one HTML file that needs no network, and the workbook with the same numbers."""
