/** What git leaves alone: results of builds, and saved plans, which are of one moment. */
export const gitignore = `/result
/result-*
*.plan
`;
