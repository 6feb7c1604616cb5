// A table, its columns and a relationship.
const label = (text) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.Label",
  LocalizedLabels: [{ "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", Label: text, LanguageCode: 1033 }],
});
const text = (name, more) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
  SchemaName: name,
  DisplayName: label(name),
  RequiredLevel: { Value: "None" },
  MaxLength: 100,
  FormatName: { Value: "Text" },
  ...more,
});

async function metadata({ api, step }) {
  const key = (name) => `LogicalName='${name}'`;
  await step("createEntity", () => api.createEntity({
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
      SchemaName: "abc_Visit",
      DisplayName: label("Visit"),
      DisplayCollectionName: label("Visits"),
      OwnershipType: "UserOwned",
      IsActivity: false,
      HasNotes: false,
      HasActivities: false,
      Attributes: [text("abc_Name", { IsPrimaryName: true })],
    },
  }));
  const column = { entityKey: key("abc_visit"), data: text("abc_Place") };
  await step("createAttribute", () => api.createAttribute(column));
  await step("createAttributeTwice", () => api.createAttribute(column));
  await step("retrieveEntity", () => api.retrieveEntity({
    key: key("abc_visit"), select: ["LogicalName", "EntitySetName"], expand: [{ property: "Keys" }],
  }));
  await step("retrieveEntities", () => api.retrieveEntities({
    select: ["LogicalName"], filter: "LogicalName eq 'abc_visit' or LogicalName eq 'account'",
  }));
  await step("retrieveAttributes", () => api.retrieveAttributes({
    entityKey: key("abc_visit"), castType: "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    select: ["LogicalName", "MaxLength"],
  }));
  const place = await step("retrieveAttribute", () => api.retrieveAttribute({
    entityKey: key("abc_visit"), attributeKey: key("abc_place"),
    castType: "Microsoft.Dynamics.CRM.StringAttributeMetadata",
  }));
  await step("updateAttribute", () => api.updateAttribute({
    entityKey: key("abc_visit"), castType: "Microsoft.Dynamics.CRM.StringAttributeMetadata", mergeLabels: true,
    data: { ...place, MaxLength: 5 },
  }));
  const relation = await step("createRelationship", () => api.createRelationship({
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
      SchemaName: "abc_account_visits",
      ReferencedEntity: "account",
      ReferencedAttribute: "accountid",
      ReferencingEntity: "abc_visit",
      Lookup: {
        "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
        AttributeType: "Lookup",
        SchemaName: "abc_AccountId",
        DisplayName: label("Account"),
        RequiredLevel: { Value: "None" },
      },
    },
  }));
  await step("tooLong", () => api.create({ collection: "abc_visits", data: { abc_place: "Amsterdam" } }));
  await step("visit", () => api.create({ collection: "abc_visits", data: { abc_place: "Paris" } }));
  await step("retrieveRelationship", () => api.retrieveRelationship({ key: relation }));
  await step("deleteRelationship", () => api.deleteRelationship({ key: relation }));
}

module.exports = [metadata];
