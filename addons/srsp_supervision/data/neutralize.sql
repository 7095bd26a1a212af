-- A copy of the database asks nobody for randomness and mails no commitment.
UPDATE res_company SET srsp_drand_urls = NULL, srsp_witness_emails = NULL;
