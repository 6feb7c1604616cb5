// One row, many rows, and what changed since.
const { id, ACCOUNT, OTHER } = require("./ids");

async function rows({ api, step }) {
  await step("create", () => api.create({ collection: "accounts", data: { accountid: ACCOUNT, name: "Contoso" } }));
  await step("createWhole", () => api.create({
    collection: "accounts",
    data: { accountid: OTHER, name: "Fabrikam", telephone1: "1", customertypecode: 3 },
    select: ["name", "telephone1", "customertypecode"],
    includeAnnotations: "*",
    returnRepresentation: true,
  }));
  const one = { collection: "accounts", key: ACCOUNT };
  const read = await step("retrieve", () => api.retrieve({ ...one, select: ["name", "telephone1"] }));
  const etag = read["@odata.etag"];
  await step("notModified", () => api.retrieve({ ...one, select: ["name"], ifnonematch: etag }));
  await step("update", () => api.update({ ...one, data: { telephone1: "2" }, ifmatch: etag }));
  await step("updateStale", () => api.update({ ...one, data: { telephone1: "3" }, ifmatch: etag }));
  await step("updateSingleProperty", () => api.updateSingleProperty({ ...one, fieldValuePair: { telephone1: "4" } }));
  await step("clear", () => api.deleteRecord({ ...one, property: "telephone1" }));
  await step("cleared", () => api.retrieve({ ...one, select: ["name", "telephone1"] }));
  await step("tagged", () => api.update({ ...one, data: { telephone1: "5" }, tag: "ours" }));
  await step("deleteStale", () => api.deleteRecord({ ...one, ifmatch: etag }));
  await step("delete", () => api.deleteRecord({ collection: "accounts", key: OTHER }));
  await step("gone", () => api.retrieve({ collection: "accounts", key: OTHER }));
  await step("updateGone", () => api.update({ collection: "accounts", key: OTHER, data: { name: "x" } }));
  await step("upsertNew", () => api.upsert({ collection: "accounts", key: OTHER, data: { name: "Again" } }));
  await step("upsertOnlyNew", () => api.upsert({
    collection: "accounts", key: OTHER, data: { name: "Not again" }, ifnonematch: "*",
  }));
  await step("upsertOnlyOld", () => api.upsert({
    collection: "accounts", key: OTHER, data: { name: "Still" }, ifmatch: "*", returnRepresentation: true,
    select: ["name"],
  }));
  await step("unknownProperty", () => api.create({ collection: "accounts", data: { nosuch: 1 } }));
  await step("unknownSet", () => api.retrieveMultiple({ collection: "nosuches" }));
}

async function queries({ api, step }) {
  for (const number of [1, 2, 3, 4, 5]) {
    await api.create({
      collection: "contacts",
      data: {
        contactid: id(10 + number),
        lastname: `Rivera ${number}`,
        "parentcustomerid_account@odata.bind": `/accounts(${ACCOUNT})`,
      },
    });
  }
  const contacts = { collection: "contacts", select: ["lastname"], orderBy: ["lastname desc"] };
  const first = await step("firstPage", () => api.retrieveMultiple({ ...contacts, maxPageSize: 2, count: true }));
  await step("secondPage", () => api.retrieveMultiple({ ...contacts, maxPageSize: 2 }, first.oDataNextLink));
  await step("all", () => api.retrieveAll({ ...contacts, maxPageSize: 2 }));
  await step("filtered", () => api.retrieveMultiple({
    ...contacts,
    filter: "startswith(lastname,'Rivera') and lastname ne 'Rivera 5' and parentcustomerid_account/name eq 'Contoso'",
    expand: [{ property: "parentcustomerid_account", select: ["name"] }],
    top: 2,
  }));
  await step("annotated", () => api.retrieveMultiple({
    collection: "contacts", select: ["_parentcustomerid_value", "statecode"], top: 1, includeAnnotations: "*",
  }));
  await step("count", () => api.count({ collection: "contacts" }));
  await step("countFiltered", () => api.count({ collection: "contacts", filter: "lastname eq 'Rivera 1'" }));
  await step("collection", () => api.retrieve({
    collection: "accounts", key: ACCOUNT, select: ["name"],
    expand: [{ property: "contact_customer_accounts", select: ["lastname"], orderBy: ["lastname desc"], top: 2 }],
  }));
  const fetchXml = "<fetch><entity name='account'/></fetch>";
  await step("fetchXml", () => api.fetch({ collection: "accounts", fetchXml }));
}

async function changes({ api, step }) {
  const start = await step("tracked", () => api.retrieveMultiple({
    collection: "contacts", select: ["lastname"], trackChanges: true,
  }));
  await api.update({ collection: "contacts", key: id(11), data: { lastname: "Okafor" } });
  await api.deleteRecord({ collection: "contacts", key: id(12) });
  await step("delta", () => api.retrieveMultiple({ collection: "contacts" }, start.oDataDeltaLink));
  await step("trackedRefused", () => api.retrieveMultiple({
    collection: "contacts", select: ["lastname"], filter: "lastname eq 'x'", trackChanges: true,
  }));
}

module.exports = [rows, queries, changes];
