// What Microsoft's Kusto language service says of queries: `{tables: {name: schema}, queries: {name: text}}` on standard
// input, `{name: [message, ...]}` on standard output; no message for a query in which nothing is wrong.
const PACKAGE = "@kusto/language-service-next/";
require(PACKAGE + "bridge.min.js");
require(PACKAGE + "Kusto.Language.Bridge.min.js");

const { GlobalState, KustoCode, Symbols } = Kusto.Language;

function globals(tables) {
  const members = Object.entries(tables).map(([name, schema]) => new Symbols.TableSymbol.$ctor7(name, schema, null));
  const database = new Symbols.DatabaseSymbol.ctor("workspace", members);
  return GlobalState.Default.WithDatabase(database);
}

function messages(query, state) {
  const found = KustoCode.ParseAndAnalyze(query, state).GetDiagnostics();
  const said = [];
  for (let index = 0; index < found.Count; index += 1) {
    const each = found.getItem(index);
    const line = query.slice(0, each.Start).split("\n").length;
    said.push(`line ${line}: ${each.Code} ${each.Message} (${query.slice(each.Start, each.End).slice(0, 40)})`);
  }
  return said;
}

const { tables, queries } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const state = globals(tables);
const answer = Object.fromEntries(Object.entries(queries).map(([name, text]) => [name, messages(text, state)]));
process.stdout.write(JSON.stringify(answer));
