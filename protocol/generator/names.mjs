// How a name of the schema is written in C and in TypeScript.

/** AddItem -> add_item */
export function snake(name) {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

/** add_item -> ADD_ITEM, AddItem -> ADD_ITEM */
export function upper(name) {
  return snake(name).toUpperCase();
}

/** planned_seconds -> plannedSeconds, AddItem -> addItem */
export function camel(name) {
  return snake(name).replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
}

/** patient_case -> PatientCase */
export function pascal(name) {
  const word = camel(name);
  return word[0].toUpperCase() + word.slice(1);
}

export const C_KEYWORDS = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int ' +
    'long register restrict return short signed sizeof static struct switch typedef union unsigned void ' +
    'volatile while bool true false'
  ).split(' '),
);
