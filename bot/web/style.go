package web

// style is the whole style of the public pages; styleHash is its SHA-256 for the Content-Security-Policy, which a test holds.
const (
	style = `:root{color-scheme:light dark}body{margin:0;font:18px/1.5 system-ui,sans-serif;background:Canvas;color:CanvasText}` +
		`main{max-width:34rem;margin:12vh auto;padding:0 1.5rem}h1{font-size:1.5rem;margin:0 0 1rem}` +
		`button{font:inherit;padding:.7rem 1.4rem;border-radius:.5rem;border:2px solid #0b6e4f;background:#0b6e4f;color:#fff;cursor:pointer}` +
		`button.second{background:transparent;color:inherit}button:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}form{margin:0 0 1rem}`
	styleHash = "ZLiP6+f1AxT2pF8dSFrlIQkaP9W4oygXD/0uiYy0HWQ="
)
