package flowtest

import (
	"embed"
	"io/fs"

	"restock/selectors"
)

//go:embed sites/*.yaml difficulties
var embedded embed.FS

// Files are the selector files of the sample systems (sites/*.yaml) and of the difficulties (difficulties/NN.yaml, with their
// pages).
func Files() fs.FS { return embedded }

// SiteFile returns the content of a sample selector file: ims or crm.
func SiteFile(site string) ([]byte, error) { return embedded.ReadFile("sites/" + site + ".yaml") }

// Sites loads the selector files of the sample systems.
func Sites() (map[string]*selectors.Site, error) {
	sites := map[string]*selectors.Site{}
	for _, name := range []string{"ims", "crm"} {
		data, err := SiteFile(name)
		if err != nil {
			return nil, err
		}
		if sites[name], err = selectors.Load(name+".yaml", data); err != nil {
			return nil, err
		}
	}
	return sites, nil
}

// Values are what the sample selector files ask for.
func (w *World) Values() selectors.Values {
	look := func(table map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) {
			value, ok := table[name]
			return value, ok
		}
	}
	return selectors.Values{
		Env:    look(map[string]string{"IMS_URL": w.IMS.URL, "CRM_URL": w.CRM.URL}),
		Secret: look(map[string]string{"IMS_USER": User, "IMS_PASSWORD": Password, "CRM_USER": User, "CRM_PASSWORD": Password}),
	}
}
