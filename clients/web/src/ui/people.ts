// Colours of people: Okabe and Ito's set, told apart by colour-blind eyes too, and always with a name.
const palette = ['#56b4e9', '#e69f00', '#cc79a7', '#009e73', '#f0e442', '#d55e00', '#7ba8ff', '#c9c9c9'];

export const personColor = (index: number): string => palette[index % palette.length] ?? '#c9c9c9';

/** Family name, or the last word of what is shown: short enough for a pointer. */
export function shortName(name: string): string {
    const words = name.trim().split(/\s+/);
    return words[words.length - 1] ?? name;
}
