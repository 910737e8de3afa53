import { warehouseConformance } from '../conformance.ts';
import { useServer } from './testing.ts';

const fixture = useServer();

// PostgreSQL keeps no NUL character in any text.
warehouseConformance('PostgreSQL', (place) => fixture.open(place), { holdsNul: false });
