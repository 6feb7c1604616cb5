// Ends this process when the one that started it is gone, however it went: its end of the pipe closes then.
// Until then that one may order two things, a line each: "ahead 600000" sets the clock so many milliseconds ahead of
// the machine's, "stop" ends it in order and with everything saved, for which Windows has no signal.
let ahead = 0;
let end = () => process.exit(0);
const orders = {
  ahead: (text) => { ahead = Number(text); },
  stop: () => { end = () => {}; process.emit("message", "shutdown"); },
};
globalThis.Date = new Proxy(Date, {
  construct: (real, given, made) => Reflect.construct(real, given.length ? given : [real.now() + ahead], made),
  get: (real, name) => (name === "now" ? () => real.now() + ahead : Reflect.get(real, name)),
});
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [order, text] = line.split(" ");
  orders[order]?.(text);
}).on("close", () => end());
