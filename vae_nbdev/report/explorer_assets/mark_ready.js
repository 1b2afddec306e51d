// Everything is drawn and reacts: the browser tests wait for this mark.
for (const part of document.querySelectorAll('.explorer')) part.dataset.ready = 'yes'
