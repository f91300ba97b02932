package main

func Example() {
	main()
	// Output:
	// on air: input 0
	// on air: input 1
	// because of timeout
}
