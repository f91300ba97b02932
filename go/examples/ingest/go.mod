module changeover/examples/ingest

go 1.24

require changeover v0.0.0

replace changeover => ../..
