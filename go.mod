module restock

go 1.26

require (
	github.com/go-rod/rod v0.116.2
	github.com/ysmood/gson v0.7.3
	go.etcd.io/bbolt v1.5.0
	go.yaml.in/yaml/v4 v4.0.0
)

require golang.org/x/sys v0.45.0 // indirect
