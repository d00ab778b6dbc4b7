package web

// style is the whole style of the public pages; styleHash is its SHA-256 for the Content-Security-Policy, which a test holds.
const (
	style = `:root{color-scheme:light dark}body{margin:0;font:18px/1.5 system-ui,sans-serif;background:Canvas;color:CanvasText}main{max-width:34rem;margin:12vh auto;padding:0 1.5rem}h1{font-size:1.5rem;margin:0 0 1rem}` +
		`button{font:inherit;padding:.7rem 1.4rem;border-radius:.5rem;border:2px solid #0b6e4f;background:#0b6e4f;color:#fff;cursor:pointer}` +
		`button.second{background:transparent;color:inherit}button:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}form{margin:0 0 1rem}` +
		`a{color:LinkText}label{display:block;margin:0 0 .3rem}fieldset{border:0;margin:0 0 1rem;padding:0}legend{padding:0;margin:0 0 .3rem}` +
		`input[type=email],input[type=tel],input:not([type]){font:inherit;box-sizing:border-box;width:100%;padding:.6rem;border:1px solid GrayText;border-radius:.4rem;background:Field;color:FieldText}` +
		`input:focus-visible,a:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}input[aria-invalid]{border:2px solid #c5221f}` +
		`input[type=checkbox],input[type=radio]{width:1.2rem;height:1.2rem;flex:none;margin:.15rem .5rem 0 0;vertical-align:text-bottom}.tick{display:flex;align-items:flex-start}` +
		`.wrong{border-left:4px solid #c5221f;padding:.2rem 1rem;margin:0 0 1rem}.trap{position:absolute;left:-999rem}`
	styleHash = "okX+DbNc8AsznFBdEE3MEt60/O8x6BO2XC+vNZ+vOVg="
)
