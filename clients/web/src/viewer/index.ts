// The viewer as the rest of the client knows it. Importing this brings Cornerstone.
export {
    act,
    filmState,
    isImageAction,
    setSlab,
    showPreset,
    turnSeries,
    turnSlab,
    type ImageAction,
} from './actions';
export { currentOf, hangingFor, presets } from './hanging';
export { compareLayout, firstView, isPrior, layoutOf, planesLayout, priorOf } from './arrange';
export { CaseImages, type DisplaySet } from './case_images';
export { emptyDocuments } from './document_pane';
export { emptyStore, isPhone } from './engine';
export { keptSeries, type KeptSeries } from './kept_series';
export { linkHere, markedPairs, presentLink } from './linking';
export { openEarly } from './opening';
export { OwnPointer } from './pointing';
export { Prefetch } from './prefetch';
export { StageController, type StageActor, type Tool } from './stage_controller';
export { StageView } from './stage_view';
export { warmViewer } from './warm';
