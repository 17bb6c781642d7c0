// Package app builds the whole program from its configuration and runs it: the
// store, the gateway, the dialects, the workers that do what rows owe, and the
// one listener in front of them. It is the only place where the parts meet.
package app
