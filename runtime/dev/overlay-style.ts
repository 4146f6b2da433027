/** The overlay's stylesheet. */
export const styles = `
:host { all: initial; position: fixed; inset: 0; z-index: 2147483647; overflow: auto; background: #0b0d12d9; color-scheme: dark;
  font: 15px/1.55 system-ui, sans-serif; color: #d7dce5; }
.panel { box-sizing: border-box; max-width: 60rem; margin: 6vh auto; padding: 0 1.75rem; background: #14171f;
  border: 1px solid #262b37; border-radius: 10px; box-shadow: 0 20px 60px #000a; outline: none; }
article { padding: 1.5rem 0; border-bottom: 1px solid #262b37; }
.text { margin: 0; font: 600 17px/1.45 system-ui, sans-serif; color: #ff8080; white-space: pre-wrap; overflow-wrap: anywhere; }
.warning .text { color: #f2c46d; }
.place { margin: .5rem 0 0; font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.file { padding: 0; font: inherit; color: #7fc4ff; text-align: start; background: none; border: 0; cursor: pointer; overflow-wrap: anywhere; }
.file:hover { text-decoration: underline; }
.file:focus-visible, .close:focus-visible { outline: 2px solid #7fc4ff; outline-offset: 2px; border-radius: 3px; }
pre { margin: 1rem 0 0; font: 13px/1.6 ui-monospace, monospace; tab-size: 2; overflow-x: auto; }
.frame { padding: .75rem 1rem; background: #0d0f15; border-radius: 6px; }
.number { color: #7b8598; }
.space { visibility: hidden; }
.caret { color: #ff8080; }
.hint { margin: 1rem 0 0; padding-left: .75rem; border-left: 3px solid #5fbf8f; white-space: pre-wrap; }
.notes { color: #8d97a8; white-space: pre-wrap; overflow-wrap: anywhere; }
.problem { margin: 1rem 0 0; color: #f2c46d; }
.problem:empty { display: none; }
.footer { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: .5rem 1rem; padding: .9rem 0; font-size: 13px; color: #8d97a8; }
.close { padding: .3rem .7rem; font: inherit; color: #d7dce5; background: #262b37; border: 0; border-radius: 5px; cursor: pointer; }
.close:hover { background: #353c4c; }
@media (max-width: 640px) {
  :host { font-size: 13px; }
  .panel { margin: 0; padding: 0 1rem; min-height: 100%; border: 0; border-radius: 0; }
  .text { font-size: 15px; }
  article { padding: 1rem 0; }
  pre, .place { font-size: 12px; }
}
`
