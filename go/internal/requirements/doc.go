// Package requirements is compiled before changeover is, and says in words what is missing to build
// that. It has nothing to use.
package requirements
