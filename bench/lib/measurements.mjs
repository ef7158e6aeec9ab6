// Measurements that give rows of a table: [what, value, wanted] each.

/** The rows of all; `say` is told which one is under way. */
export function rowsOf(measurements, say) {
  const rows = [];
  for (const [name, measure] of Object.entries(measurements)) {
    say(name);
    for (const [what, value, wanted] of measure()) rows.push({ what, value, wanted });
  }
  return rows;
}
