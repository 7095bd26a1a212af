-- A copied database delivers nothing and keeps no secret.
UPDATE srsp_channel SET active = false, secret = NULL;
