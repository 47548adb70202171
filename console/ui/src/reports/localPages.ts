// Pages of a list that the browser has whole, in the shape that lists of the server have.
import { useState } from 'react';

export function useLocalPages<T>(all: T[], size = 50) {
  const [wanted, setWanted] = useState(1);
  const pages = Math.max(1, Math.ceil(all.length / size));
  const page = Math.min(wanted, pages);
  return { items: all.slice((page - 1) * size, page * size), page, pages, openEnd: false, go: setWanted };
}
