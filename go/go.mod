module changeover

go 1.24
