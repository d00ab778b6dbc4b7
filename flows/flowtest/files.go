package flowtest

import (
	"embed"

	"restock/selectors"
)

//go:embed sites/*.yaml
var siteFiles embed.FS

// SiteFile returns the content of a sample selector file: ims or crm.
func SiteFile(site string) ([]byte, error) { return siteFiles.ReadFile("sites/" + site + ".yaml") }

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
