package changeover

// What others wrote, as it can be printed.

// #include <changeover.h>
import "C"

import (
	"log/slog"
	"unsafe"
)

// Printable is a text as it can be printed on a line: control characters, line separators and marks of
// text direction are escaped, and URLs in it are as [PrintableURL] makes them. What is not UTF-8 becomes
// U+FFFD. What was printed may be printed again.
func Printable(text string) string {
	return printed(func(buffer *C.char, size C.size_t, length *C.size_t) {
		chars, charsLen := chars(text)
		C.changeover_printable(chars, charsLen, buffer, size, length)
	})
}

// PrintableURL is a URL as it can be printed on a line, without what tends to be secret: *** stands for
// userinfo, the last segment of the path (stream keys), values of the query, the fragment, and other
// parts of the path that are long or unusual. A URL that could be read in more than one way is *** from
// there on. A name without a slash, and what begins with file:, is printed in full.
func PrintableURL(url string) string {
	return printed(func(buffer *C.char, size C.size_t, length *C.size_t) {
		chars, charsLen := chars(url)
		C.changeover_printable_url(chars, charsLen, buffer, size, length)
	})
}

// printed is what print, a function of the C ABI, has to say.
func printed(print func(buffer *C.char, size C.size_t, length *C.size_t)) string {
	var length C.size_t
	print(nil, 0, &length)
	buffer := make([]byte, length+1)
	print((*C.char)(unsafe.Pointer(unsafe.SliceData(buffer))), C.size_t(len(buffer)), &length)
	return string(buffer[:len(buffer)-1])
}

// LogValue makes a group of the priority and the [PrintableURL], for log/slog. Options, which may be
// headers with tokens, are not logged.
func (c InputConfig) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("priority", c.Priority), slog.String("url", PrintableURL(c.URL)))
}
