// Laying a prior onto the current study: by the level at which both stand, or by places marked in both.
import type { SeriesLink } from '../wire';
import { glassToWorld, imageCenter } from './geometry';
import { levelMove, linkBetween, moveOf, wireMove, type Pair } from './registration';
import type { Mark, PaneState, StageController } from './stage_controller';
import type { Pixel } from './vector';

const MARKS_MAX = 64;

const spaceOf = (pane: PaneState): string =>
    pane.projection.space === 'patient' ? pane.projection.frameOfReferenceUid : '';

/** A mark for a link, kept here until the link is made or the case left. */
export function placeMark(controller: StageController, index: number, at: Pixel): void {
    const pane = controller.panes.get(index);
    const { marks } = controller.state.get();
    if (pane && spaceOf(pane) !== '' && marks.length < MARKS_MAX) {
        const point = glassToWorld(pane.projection, at);
        const { displaySet } = pane.loaded.set;
        controller.patch({ marks: [...marks, { displaySet, space: spaceOf(pane), point }] });
    }
}

/** The active pane and the first one beside it that lies in another space. */
function twoPanes(controller: StageController): [PaneState, PaneState] | 'needsTwo' | 'same' {
    const { active } = controller.state.get().seen;
    const first = controller.panes.get(active);
    if (!first || spaceOf(first) === '') {
        return 'needsTwo';
    }
    const others = [...controller.panes]
        .filter(([index, pane]) => index !== active && spaceOf(pane) !== '')
        .map(([, pane]) => pane);
    const second = others.find((pane) => spaceOf(pane) !== spaceOf(first));
    return second ? [first, second] : others.length > 0 ? 'same' : 'needsTwo';
}

/** The n-th mark of one space and the n-th of the other are the same place. */
function pairsOf(marks: readonly Mark[], first: string, second: string): Pair[] {
    const [here, there] = [first, second].map((space) => marks.filter((mark) => mark.space === space));
    return (here ?? []).flatMap(({ point }, at) => {
        const other = there?.[at];
        return other ? [{ first: point, second: other.point }] : [];
    });
}

/** How many places are marked in both of the series that would be linked. */
export function markedPairs(controller: StageController): number {
    const two = twoPanes(controller);
    if (typeof two === 'string') {
        return 0;
    }
    return pairsOf(controller.state.get().marks, spaceOf(two[0]), spaceOf(two[1])).length;
}

/** The link of the two series beside each other as they are marked, or else at the level where they stand. */
export function linkHere(controller: StageController): SeriesLink | 'needsTwo' | 'same' {
    const two = twoPanes(controller);
    if (typeof two === 'string') {
        return two;
    }
    const [one, other] = two;
    const [here, there] = [one.loaded.slices[one.index], other.loaded.slices[other.index]];
    if (!here || !there) {
        return 'needsTwo';
    }
    const pairs = pairsOf(controller.state.get().marks, spaceOf(one), spaceOf(other));
    const { normal } = there.geometry;
    const level = levelMove(imageCenter(here.geometry), imageCenter(there.geometry), normal);
    return {
        link: crypto.randomUUID(),
        firstSet: one.loaded.set.displaySet,
        secondSet: other.loaded.set.displaySet,
        first: spaceOf(one),
        second: spaceOf(other),
        ...wireMove(moveOf(pairs) ?? level),
        pairs: pairs.length,
    };
}

/** The link that holds between the two series beside each other. */
export function presentLink(controller: StageController): SeriesLink | undefined {
    const two = twoPanes(controller);
    return typeof two === 'string'
        ? undefined
        : linkBetween(controller.links, spaceOf(two[0]), spaceOf(two[1]));
}
