import { describe, expect, it } from 'vitest';
import { bulkPlace, bytesOf } from './bulk';

const uid = (value: unknown) => ({ vr: 'UI', Value: [value] });
const object = { '0020000D': uid('1.2'), '0020000E': uid('1.3'), '00080018': uid('1.4') };
const address = '/api/cases/case/dicom-web/studies/1.2/series/1.3/instances/1.4/bulkdata/00282000.1674.2876';

describe('a value that is left in the file', () => {
    it('has one address, whether metadata tells its place alone or an address', () => {
        const elsewhere = 'https://elsewhere/studies/9/series/9/instances/9/bulkdata/00282000.1674.2876';
        for (const told of ['00282000.1674.2876', elsewhere]) {
            expect(bulkPlace('case', object, told)).toEqual({ address, bytes: 2876 });
        }
    });

    it('has none when its place or whose it is is not told as it should be', () => {
        for (const told of [undefined, '', '../00282000.1', '00282000.1.2?', '00282000', '00282000.1.2/..']) {
            expect(bulkPlace('case', object, told)).toBeUndefined();
        }
        expect(bulkPlace('case', { ...object, '0020000E': uid('1/../2') }, '00282000.1.2')).toBeUndefined();
        expect(bulkPlace('case', { ...object, '00080018': uid(4) }, '00282000.1.2')).toBeUndefined();
    });

    it('is here when it was fetched, or stands in the header', () => {
        expect([...(bytesOf({ InlineBinary: 'AQI=' }) ?? [])]).toEqual([1, 2]);
        expect([...(bytesOf({ BulkDataURI: '00282000.1.2', fetched: Uint8Array.of(7) }) ?? [])]).toEqual([7]);
        expect(bytesOf({ BulkDataURI: '00282000.1.2' })).toBeUndefined();
    });
});
