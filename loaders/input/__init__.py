"""Files as people have them, read into statements: CSV bundles and RDF, zipped or not."""
