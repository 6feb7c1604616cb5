// Rows are made under ids of ours, so that what comes back can be foretold.
const id = (number) => `00000000-0000-4000-8000-0000000000${String(number).padStart(2, "0")}`;
const [ACCOUNT, OTHER, PERSON, TEAM, DEAL, LEAD] = [1, 2, 3, 4, 5, 6].map(id);
module.exports = { id, ACCOUNT, OTHER, PERSON, TEAM, DEAL, LEAD };
