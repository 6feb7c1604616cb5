// Rows together: relations, actions, batches.
const { id, ACCOUNT, PERSON, TEAM, DEAL, LEAD } = require("./ids");

async function relations({ api, step }) {
  await api.create({ collection: "contacts", data: { contactid: PERSON, lastname: "Okafor" } });
  await api.create({ collection: "teams", data: { teamid: TEAM, name: "Co-sell" } });
  const { UserId: user } = await step("whoAmI", () => api.callFunction("WhoAmI"));
  await step("associateChild", () => api.associate({
    collection: "accounts", primaryKey: ACCOUNT, relationshipName: "contact_customer_accounts",
    relatedCollection: "contacts", relatedKey: PERSON,
  }));
  const person = { collection: "contacts", key: PERSON };
  await step("child", () => api.retrieve({ ...person, select: ["_parentcustomerid_value"] }));
  await step("disassociateChild", () => api.disassociate({
    collection: "accounts", primaryKey: ACCOUNT, relationshipName: "contact_customer_accounts", relatedKey: PERSON,
  }));
  const members = {
    collection: "teams", primaryKey: TEAM, relationshipName: "teammembership_association", relatedKey: user,
  };
  await step("associateMany", () => api.associate({ ...members, relatedCollection: "systemusers" }));
  await step("associateTwice", () => api.associate({ ...members, relatedCollection: "systemusers" }));
  await step("members", () => api.retrieve({
    collection: "teams", key: TEAM, select: ["name"],
    expand: [{ property: "teammembership_association", select: ["fullname"] }],
  }));
  await step("disassociateMany", () => api.disassociate(members));
  const single = { collection: "accounts", primaryKey: ACCOUNT, navigationProperty: "primarycontactid" };
  await step("associateSingle", () => api.associateSingleValued({
    ...single, relatedCollection: "contacts", relatedKey: PERSON,
  }));
  const account = { collection: "accounts", key: ACCOUNT };
  await step("single", () => api.retrieve({ ...account, select: ["_primarycontactid_value"] }));
  await step("disassociateSingle", () => api.disassociateSingleValued(single));
}

async function actions({ api, step }) {
  await api.create({
    collection: "opportunities",
    data: { opportunityid: DEAL, name: "Contoso renewal", "parentaccountid@odata.bind": `/accounts(${ACCOUNT})` },
  });
  const closing = (name) => ({
    actionName: name,
    action: {
      Status: -1,
      OpportunityClose: {
        "@odata.type": "Microsoft.Dynamics.CRM.opportunityclose",
        subject: "Won by co-sell",
        "opportunityid@odata.bind": `/opportunities(${DEAL})`,
      },
    },
  });
  await step("win", () => api.callAction(closing("WinOpportunity")));
  const deal = { collection: "opportunities", key: DEAL };
  await step("won", () => api.retrieve({ ...deal, select: ["statecode", "statuscode"] }));
  await step("loseWon", () => api.callAction(closing("LoseOpportunity")));
  await api.create({ collection: "leads", data: { leadid: LEAD, subject: "Co-sell", lastname: "Rivera" } });
  await step("qualify", () => api.callAction({
    collection: "leads", key: LEAD, actionName: "Microsoft.Dynamics.CRM.QualifyLead",
    action: { CreateAccount: false, CreateContact: true, CreateOpportunity: true, Status: 3 },
  }));
  await step("version", () => api.callFunction("RetrieveVersion"));
}

async function batches({ api, step }) {
  api.startBatch();
  api.create({
    collection: "accounts", contentId: "1", inChangeSet: true, data: { accountid: id(21), name: "In a set" },
  });
  api.create({
    collection: "contacts", contentId: "2", inChangeSet: true,
    data: { contactid: id(22), lastname: "In a set", "parentcustomerid_account@odata.bind": "$1" },
  });
  api.associateSingleValued({
    collection: "$1", navigationProperty: "primarycontactid", relatedKey: "$2", inChangeSet: true, contentId: "3",
  });
  api.retrieveMultiple({
    collection: "accounts", select: ["name"], filter: "name eq 'In a set'",
    expand: [{ property: "primarycontactid", select: ["lastname"] }],
  });
  await step("batch", () => api.executeBatch());
  api.startBatch();
  api.create({ collection: "accounts", data: { name: "Rolled back" }, contentId: "1", inChangeSet: true });
  api.create({ collection: "accounts", data: { nosuch: 1 }, contentId: "2", inChangeSet: true });
  await step("batchFailed", () => api.executeBatch());
  api.startBatch();
  api.retrieveMultiple({ collection: "nosuches" });
  api.retrieveMultiple({ collection: "accounts", select: ["name"], filter: "name eq 'Rolled back'" });
  await step("batchGoesOn", () => api.executeBatch({ continueOnError: true }));
}

module.exports = [relations, actions, batches];
