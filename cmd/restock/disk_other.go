//go:build !unix

package main

// disk is not looked at on this system.
func (d *doctor) disk() {}
