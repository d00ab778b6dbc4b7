//go:build unix

package main

import (
	"fmt"
	"syscall"
)

// leastFree is the space below which a run should not begin: the state must be able to grow.
const leastFree = 200 << 20

func (d *doctor) disk() {
	var s syscall.Statfs_t
	folder := d.config.Path(d.config.Data)
	if err := syscall.Statfs(folder, &s); err != nil {
		d.add("disk", false, err.Error(), "is the data folder there?")
		return
	}
	free := int64(s.Bavail) * int64(s.Bsize)
	d.add("disk", free > leastFree, fmt.Sprintf("%d MB free for %s", free>>20, folder), "free some space: without it nothing can be recorded, and so nothing is sent")
}
