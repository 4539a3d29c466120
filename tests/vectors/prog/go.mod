module vectors

go 1.15
